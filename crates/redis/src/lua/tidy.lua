-- KEYS: the index of a user. ARGV: the age from which an entry may be removed, in ms; then entries, each after `live` or
-- `dead`. What was added only now may be about to get its record. What lives goes to the end of the queue.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for n = 2, #ARGV, 2 do
  local added = redis.call('ZSCORE', KEYS[1], ARGV[n + 1])
  if added and ARGV[n] == 'live' then
    redis.call('ZADD', KEYS[1], now, ARGV[n + 1])
  elseif added and tonumber(added) < now - ARGV[1] then
    redis.call('ZREM', KEYS[1], ARGV[n + 1])
  end
end
return 1
