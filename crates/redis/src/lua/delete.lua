-- KEYS: the record. ARGV: `settled`, if what it points to is confirmed.
local value, answer = read(KEYS[1])
if not value then
  if answer and answer[1] == 'foreign' then
    redis.call('DEL', KEYS[1])
  end
  return answer
end
local link = string.match(value, FORM)
if link and string.sub(link, 1, 1) == '<' then
  return {'prepared', value}
elseif link and string.sub(link, 1, 1) == '>' and ARGV[1] ~= 'settled' then
  return {'pointer', value}
end
redis.call('DEL', KEYS[1])
signal(KEYS[1])
return {'removed', value}
