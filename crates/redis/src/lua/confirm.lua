-- KEYS: the new record of a renewal. ARGV: the link that marks it as prepared.
local value = read(KEYS[1])
if value then
  local link, _, _, active, expires = string.match(value, FORM)
  if link == ARGV[1] then
    local life = math.min(math.max(expires - active, 1), 31556952000000)
    redis.call('SET', KEYS[1], '1 -' .. string.sub(value, 3 + #link), 'PX', string.format('%.0f', life))
  end
end
return 1
