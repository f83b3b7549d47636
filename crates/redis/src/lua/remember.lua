-- KEYS: the index of a user. ARGV: an entry; how long the index must live, in ms; the age from which an entry may be
-- looked after, in ms; how many entries are no trouble; how many to look after at once.
-- Answers the entries that were added longest ago, if there are many.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if redis.call('ZCARD', KEYS[1]) <= tonumber(ARGV[4]) then
  return {}
end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - ARGV[3]), 'LIMIT', 0, ARGV[5])
