"""The steps that Redis takes as a whole, in Lua: a condition and its write are one.

A record is a string: 16 characters of version, then the value; its life is that of the Redis key.
The keys of a kind stand in a sorted set, in their order; what has expired is taken out by a scan.
"""

from __future__ import annotations

from typing import Final

VERSION_LENGTH: Final = 16

# A version is made by the caller, so an attempt whose answer was lost can be repeated: where its
# version is there already, it was done.
PUT: Final = """
local there = redis.call('GETRANGE', KEYS[1], 0, 15)
if there ~= ARGV[3] then
  if ARGV[1] == 'absent' and there ~= '' then return 0 end
  if ARGV[1] == 'version' and (there == '' or there ~= ARGV[2]) then return 0 end
  if ARGV[5] == 'keep' then redis.call('SET', KEYS[1], ARGV[3] .. ARGV[4], 'KEEPTTL')
  elseif ARGV[5] == '' then redis.call('SET', KEYS[1], ARGV[3] .. ARGV[4])
  else redis.call('SET', KEYS[1], ARGV[3] .. ARGV[4], 'EX', ARGV[5]) end
end
redis.call('ZADD', KEYS[2], 0, ARGV[6])
return 1
"""

DELETE: Final = """
local there = redis.call('GETRANGE', KEYS[1], 0, 15)
if ARGV[1] == 'absent' and there ~= '' then return 0 end
if ARGV[1] == 'version' and (there == '' or there ~= ARGV[2]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[3])
return 1
"""

# Returns key, record, key, record, ... of at most one more than the page holds. A sorted set whose
# members all score 0 is ordered by their bytes, which is the order that the contract asks for.
SCAN: Final = """
local found, after, wanted = {}, ARGV[1], tonumber(ARGV[2])
while #found < 2 * wanted do
  local names = redis.call('ZRANGEBYLEX', KEYS[1], '(' .. after, '+', 'LIMIT', 0, wanted)
  if #names == 0 then break end
  for _, name in ipairs(names) do
    local record = redis.call('GET', ARGV[3] .. name)
    if not record then redis.call('ZREM', KEYS[1], name)
    elseif #found < 2 * wanted then
      found[#found + 1] = name
      found[#found + 1] = record
    end
    after = name
  end
end
return found
"""
