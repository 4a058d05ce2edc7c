import { createHash } from 'node:crypto';

/**
 * What happens in Redis, each script in one step. In Redis there are:
 *
 *   segl:epoch    which life of the data this is; gone when the server was emptied
 *   segl:secrets  hash: the secret of names, sealed under each key (store-session.ts)
 *   segl:used     bytes in use of the bound, over all processes
 *   segl:ends     sorted set: when each member ends, in milliseconds of the server's clock
 *   segl:costs    hash: what each member costs
 *   segl:e:<name> entry: 'r', 32 bytes of digest, sealed record · 'c', the number · 'b', upload, sealed head
 *   segl:b:<id>   hash: the sealed pieces of one upload, by number
 *
 * A member is `e:<name>` or, until its upload is committed, `b:<id>`. Entries and pieces carry the same end as Redis's own expiry,
 * so what is over goes by itself though no process runs; what it cost stays in `costs` until a script sweeps it, which every
 * writing script does, and as far as it has to where room is short. The running sum is therefore exact whoever removed what.
 */
const LIBRARY = `
local EPOCH, USED, ENDS, COSTS, SECRETS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function whole(number) return string.format('%.0f', number) end
local function key_of(name) return 'segl:e:' .. name end
local function used() return tonumber(redis.call('GET', USED) or '0') end
local function forget(member)
  local cost = redis.call('HGET', COSTS, member)
  if cost then redis.call('DECRBY', USED, cost) end
  redis.call('HDEL', COSTS, member)
  redis.call('ZREM', ENDS, member)
end
local function account(member, cost, ends)
  redis.call('INCRBY', USED, cost)
  redis.call('HINCRBY', COSTS, member, cost)
  redis.call('ZADD', ENDS, whole(ends), member)
end
local function remove(name)
  local head = redis.call('GETRANGE', key_of(name), 0, 22)
  if string.sub(head, 1, 1) == 'b' then redis.call('UNLINK', 'segl:b:' .. string.sub(head, 2)) end
  redis.call('UNLINK', key_of(name))
  forget('e:' .. name)
end
local function sweep(most)
  local over = redis.call('ZRANGE', ENDS, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, most)
  for _, member in ipairs(over) do
    if string.sub(member, 1, 2) == 'e:' then
      remove(string.sub(member, 3))
    else
      redis.call('UNLINK', 'segl:' .. member)
      forget(member)
    end
  end
  return #over
end
local function live(name)
  local ends = redis.call('ZSCORE', ENDS, 'e:' .. name)
  local head = ends and tonumber(ends) > now and redis.call('GETRANGE', key_of(name), 0, 40) or ''
  if head ~= '' then return head end
  remove(name)
  return nil
end
local function has_room(bytes, limit)
  while used() + bytes > limit do
    if sweep(100) == 0 then return false end
  end
  return true
end
local function cost_of(name) return tonumber(redis.call('HGET', COSTS, 'e:' .. name) or '0') end
local function set(name, value, cost, ttl)
  remove(name)
  redis.call('SET', key_of(name), value, 'PXAT', whole(now + ttl))
  account('e:' .. name, cost, now + ttl)
end
`;

const SAME_EPOCH = `if redis.call('GET', EPOCH) ~= ARGV[1] then return {'EPOCH'} end\n`;

export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** The keys that every script is given; what else it touches is named in its arguments (no cluster: the adapter refuses one). */
export const SCRIPT_KEYS = ['segl:epoch', 'segl:used', 'segl:ends', 'segl:costs', 'segl:secrets'] as const;

/** @param flags `allow-oom` for what gives memory back or takes none worth the name: it must work when the server is full */
function script(flags: '' | 'allow-oom', body: string, isOfEpoch = true): Script {
  const source = `#!lua${flags === '' ? '' : ` flags=${flags}`}\n${LIBRARY}${isOfEpoch ? SAME_EPOCH : ''}${body}`;
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** Removes a record when it is still the expected one: name, digest ('' for absent). */
const REMOVE_EQUAL = `
local head = live(ARGV[2])
if ARGV[3] == '' then return {'OK', head and 0 or 1} end
if not head or string.sub(head, 1, 1) ~= 'r' or string.sub(head, 2, 33) ~= ARGV[3] then return {'OK', 0} end
remove(ARGV[2])
return {'OK', 1}`;

/**
 * Each answers {'OK', …}, {'EPOCH'} (the server was emptied: nothing was done), {'FULL'}, {'KIND', kind}, {'KEY'} or {'GONE'}.
 * The first argument is the epoch.
 */
export const SCRIPTS = {
  /** offered epoch, then key ids and the sealed secret → epoch, then all of them. Begins a life where there is none. */
  begin: script(
    'allow-oom',
    `
if redis.call('EXISTS', EPOCH) == 0 then
  for _, member in ipairs(redis.call('ZRANGE', ENDS, 0, -1)) do
    if string.sub(member, 1, 2) == 'e:' then remove(string.sub(member, 3)) else redis.call('UNLINK', 'segl:' .. member) end
  end
  redis.call('UNLINK', USED, ENDS, COSTS, SECRETS)
  redis.call('HSET', SECRETS, unpack(ARGV, 2))
  redis.call('SET', EPOCH, ARGV[1])
end
local answer = redis.call('HGETALL', SECRETS)
table.insert(answer, 1, redis.call('GET', EPOCH))
return answer`,
    false,
  ),

  /** key ids and the sealed secret */
  share: script(
    'allow-oom',
    `
for index = 2, #ARGV, 2 do redis.call('HSETNX', SECRETS, ARGV[index], ARGV[index + 1]) end
return {'OK'}`,
  ),

  /** name, value, cost, ttl, limit, mode (any, absent, equal), digest → whether it was written */
  write: script(
    '',
    `
sweep(20)
local name, cost = ARGV[2], tonumber(ARGV[4])
local head = live(name)
if ARGV[7] == 'absent' and head then return {'OK', 0} end
if ARGV[7] == 'equal' then
  if not head or string.sub(head, 1, 1) ~= 'r' or string.sub(head, 2, 33) ~= ARGV[8] then return {'OK', 0} end
end
if not has_room(cost - cost_of(name), tonumber(ARGV[6])) then return {'FULL'} end
set(name, ARGV[3], cost, tonumber(ARGV[5]))
return {'OK', 1}`,
  ),

  /** name, digest → whether the record was the expected one (or, for '', was absent) */
  removeEqual: script('allow-oom', REMOVE_EQUAL),

  /** name, then the ids of the keys that we have → the record or nothing. One that we could not open stays where it is. */
  take: script(
    'allow-oom',
    `
local head = live(ARGV[2])
if not head then return {'OK'} end
if string.sub(head, 1, 1) ~= 'r' then return {'KIND', string.sub(head, 1, 1)} end
local value = redis.call('GET', key_of(ARGV[2]))
local key = string.sub(head, 34, 41)
for index = 3, #ARGV do
  if ARGV[index] == key then
    remove(ARGV[2])
    return {'OK', value}
  end
end
return {'KEY'}`,
  ),

  /** name, the stored value, the same sealed anew: nothing else of the entry changes */
  reseal: script(
    'allow-oom',
    `
if live(ARGV[2]) and redis.call('GET', key_of(ARGV[2])) == ARGV[3] then
  redis.call('SET', key_of(ARGV[2]), ARGV[4], 'KEEPTTL')
end
return {'OK'}`,
  ),

  /** name */
  delete: script(
    'allow-oom',
    `
remove(ARGV[2])
return {'OK'}`,
  ),

  /** name, ttl → whether there was something */
  extend: script(
    'allow-oom',
    `
local head = live(ARGV[2])
if not head then return {'OK', 0} end
local ends = whole(now + tonumber(ARGV[3]))
redis.call('PEXPIREAT', key_of(ARGV[2]), ends)
redis.call('ZADD', ENDS, ends, 'e:' .. ARGV[2])
if string.sub(head, 1, 1) == 'b' then redis.call('PEXPIREAT', 'segl:b:' .. string.sub(head, 2, 23), ends) end
return {'OK', 1}`,
  ),

  /** name, by, ttl, cost, limit → the number after, as text: Lua's numbers would be cut to 32 bits on some servers */
  increment: script(
    '',
    `
sweep(20)
local name = ARGV[2]
local head = live(name)
if head then
  if string.sub(head, 1, 1) ~= 'c' then return {'KIND', string.sub(head, 1, 1)} end
  local count = whole(tonumber(string.sub(head, 2)) + tonumber(ARGV[3]))
  redis.call('SET', key_of(name), 'c' .. count, 'KEEPTTL')
  return {'OK', count}
end
if not has_room(tonumber(ARGV[5]), tonumber(ARGV[6])) then return {'FULL'} end
set(name, 'c' .. ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[4]))
return {'OK', ARGV[3]}`,
  ),

  /** upload, number, sealed piece, cost, limit, how long the upload may rest */
  piece: script(
    '',
    `
sweep(20)
local member, ends = 'b:' .. ARGV[2], now + tonumber(ARGV[7])
local known = redis.call('ZSCORE', ENDS, member)
if ARGV[3] ~= '0' and not (known and tonumber(known) > now) then return {'GONE'} end
if not has_room(tonumber(ARGV[5]), tonumber(ARGV[6])) then return {'FULL'} end
redis.call('HSET', 'segl:' .. member, ARGV[3], ARGV[4])
redis.call('PEXPIREAT', 'segl:' .. member, whole(ends))
account(member, tonumber(ARGV[5]), ends)
return {'OK'}`,
  ),

  /** upload, how long it may rest: the source is slow, its process alive */
  keepUpload: script(
    'allow-oom',
    `
local member, ends = 'b:' .. ARGV[2], whole(now + tonumber(ARGV[3]))
if not redis.call('ZSCORE', ENDS, member) then return {'GONE'} end
redis.call('PEXPIREAT', 'segl:' .. member, ends)
redis.call('ZADD', ENDS, ends, member)
return {'OK'}`,
  ),

  /** upload */
  dropUpload: script(
    'allow-oom',
    `
local member = 'b:' .. ARGV[2]
if redis.call('ZSCORE', ENDS, member) then
  redis.call('UNLINK', 'segl:' .. member)
  forget(member)
end
return {'OK'}`,
  ),

  /** name, value, cost, ttl, limit, upload, number of its pieces: from now on they are the entry's */
  commit: script(
    '',
    `
sweep(20)
local name, cost, ttl, upload = ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[7]
if redis.call('HLEN', 'segl:b:' .. upload) ~= tonumber(ARGV[8]) then return {'GONE'} end
live(name)
if not has_room(cost - cost_of(name), tonumber(ARGV[6])) then return {'FULL'} end
if redis.call('HLEN', 'segl:b:' .. upload) ~= tonumber(ARGV[8]) then return {'GONE'} end
local paid = tonumber(redis.call('HGET', COSTS, 'b:' .. upload) or '0')
forget('b:' .. upload)
set(name, ARGV[3], cost + paid, ttl)
redis.call('PEXPIREAT', 'segl:b:' .. upload, whole(now + ttl))
return {'OK'}`,
  ),

  /** how many to sweep at most → bytes in use, and how many were swept */
  usage: script(
    'allow-oom',
    `
local swept = sweep(tonumber(ARGV[2]))
return {'OK', whole(used()), swept}`,
  ),

  /** room that must be there, limit → whether it is, and bytes in use. Refused by the server itself when that is out of memory. */
  check: script(
    '',
    `
local is_room = has_room(tonumber(ARGV[2]), tonumber(ARGV[3]))
return {'OK', is_room and 1 or 0, whole(used())}`,
  ),
} as const;
