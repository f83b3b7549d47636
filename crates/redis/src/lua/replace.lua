-- KEYS: the record.
-- ARGV: the version that must be there; the new value as far as the instant until which its user's index knows it, and
-- what comes after that; its life in ms; its user; its expiry; that instant, if the index was told just now;
-- `settled`, if what it points to is confirmed.
local value, answer = read(KEYS[1])
if not value then
  return answer
end
local link, version, _, _, _, indexed, user = string.match(value, FORM)
if version ~= ARGV[1] then
  return {'stale', value}
elseif string.sub(link, 1, 1) == '<' then
  return {'prepared', value}
elseif string.sub(link, 1, 1) == '>' and ARGV[8] ~= 'settled' then
  return {'pointer', value}
end
if ARGV[5] == '' then
  indexed = '0'
elseif ARGV[7] ~= '' then
  indexed = ARGV[7]
elseif user ~= ARGV[5] or later(ARGV[6], indexed) then
  return {'index', value}
end
redis.call('SET', KEYS[1], ARGV[2] .. indexed .. ARGV[3], 'PX', ARGV[4])
return 1
