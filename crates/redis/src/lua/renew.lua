-- One server has both keys, so that this is one step.
-- KEYS: the old record, the new one. ARGV: the version that must be there; the pointer, its life in ms; the new value,
-- its life in ms.
local value, answer = read(KEYS[1])
if not value then
  return answer
end
local _, version = string.match(value, FORM)
if version ~= ARGV[1] then
  return {'stale', value}
elseif redis.call('EXISTS', KEYS[2]) == 1 then
  return false
end
redis.call('SET', KEYS[2], ARGV[4], 'PX', ARGV[5])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
signal(KEYS[1])
return 1
