-- KEYS: the record.
-- ARGV: last activity; expiry; life in ms; the user whose index was told just now, and until when it knows the record;
-- the version that must be there.
local value, answer = read(KEYS[1])
if not value then
  return answer
end
local link, version, created, active, expires, indexed, user = string.match(value, FORM)
if version ~= ARGV[6] then
  return {'stale', value}
elseif string.sub(link, 1, 1) == '<' then
  return {'prepared', value}
end
if later(ARGV[1], active) then
  active = ARGV[1]
end
local life = {'KEEPTTL'}
if later(ARGV[2], expires) then
  expires = ARGV[2]
  life = {'PX', ARGV[3]}
  if user ~= '' and later(expires, indexed) then
    if user ~= ARGV[4] then
      return {'index', value}
    end
    indexed = ARGV[5]
  end
end
local head = table.concat({'1', link, version, created, active, expires, indexed, user}, ' ')
local payload = string.sub(value, string.find(value, '\n', 1, true), -1)
redis.call('SET', KEYS[1], head .. payload, unpack(life))
return 1
