-- KEYS: the record.
-- ARGV: how the value begins that must be there; the version in that; the new value; its life in ms; `settled`, if
-- what is there points to a record that is confirmed. For the record of a user: the new value as far as the instant until
-- which the user's index knows the record; and beside it what comes after that, the user, the expiry, and that instant if
-- the index was told just now.
local tail, owner, expires, told = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
-- Mostly this is all. It reads no more than it needs: a script's time goes into copying texts.
if not owner and redis.pcall('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  if string.sub(ARGV[3], 3, 3) == '>' then
    signal(KEYS[1])
  end
  return 1
end
local value, answer = read(KEYS[1])
if not value then
  return answer
end
local link, version, _, _, _, indexed, user = string.match(value, FORM)
if version ~= ARGV[2] then
  return {'stale', value}
elseif string.sub(link, 1, 1) == '<' then
  return {'prepared', value}
elseif string.sub(link, 1, 1) == '>' and ARGV[5] ~= 'settled' then
  return {'pointer', value}
end
local next = ARGV[3]
if owner then
  if told ~= '' then
    indexed = told
  elseif user ~= owner or later(expires, indexed) then
    return {'index', value}
  end
  next = next .. indexed .. tail
end
redis.call('SET', KEYS[1], next, 'PX', ARGV[4])
if string.sub(next, 3, 3) == '>' then
  signal(KEYS[1])
end
return 1
