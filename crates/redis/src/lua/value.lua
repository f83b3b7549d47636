-- A value is one line, the payload and its note: `1 <link> <version> <created> <active> <expires> <indexed until> <user>`.
-- The link is `-`, or `>` and the id that the session has moved to, or `<` and the id that a new one comes from.
local FORM = '^1 (%S+) (%x+) (%-?%d+) (%-?%d+) (%-?%d+) (%-?%d+) ([^\n]*)\n'

-- Instants may be compared as numbers: those that a double cannot tell apart are 280,000 years away.
-- Versions may not.
local function later(a, b)
  return tonumber(a) > tonumber(b)
end

-- Returns the value under the key, or else nothing and the answer that says so.
local function read(key)
  local value = redis.pcall('GET', key)
  if type(value) ~= 'table' then
    return value, false
  elseif string.find(value.err, 'WRONGTYPE', 1, true) then
    return false, {'foreign'}
  end
  return false, value
end

-- Tells all processes that listen that the session is not what it was: its id, which ends the key. Who may not publish
-- still ends sessions.
local function signal(key)
  redis.pcall('PUBLISH', string.sub(key, 1, -37) .. 'ended', string.sub(key, -36))
end
