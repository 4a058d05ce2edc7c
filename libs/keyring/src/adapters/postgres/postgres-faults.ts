import { PersonDirectoryUnavailable } from '../../person/person-directory.ts';

/** SQLSTATE classes and codes (PostgreSQL, Appendix A) an operator can do something about, in words. */
const REASONS: Readonly<Record<string, string>> = {
  '25006': 'it takes no writes (read-only): name the primary, or make it writable again',
  '28000': 'it lets this user not in: look at its pg_hba.conf',
  '28P01': 'it refuses the password: look at the password file',
  '3D000': 'it has no such database: make it (ops/runbooks/postgresql.md)',
  '3F000': 'the schema segl_persons is not there any more: restore it, or start a Segl process that makes it',
  '42P01': 'its tables are not there any more: restore them, or start a Segl process that makes them',
  '42501': 'this user may not do that: see the grants in ops/runbooks/postgresql.md',
  '53100': 'its disk is full',
  '53200': 'it is out of memory',
  '53300': 'it has no connection left: raise max_connections, or lower the pool size',
  '55P03': 'another process holds what is needed for too long',
  '57014': 'it did not finish in time',
  '57P01': 'it is shutting down',
  '57P02': 'it is restarting after a crash',
  '57P03': 'it is starting up or shutting down',
  '57P05': 'it closed an idle connection',
  '58030': 'it cannot read or write its own files',
  XX001: 'its data is damaged: restore a backup',
  XX002: 'an index of it is damaged: REINDEX, or restore a backup',
};

/** What Node says when there is no talking to a server at all. */
const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be used by this user',
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name could not be looked up (DNS)',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  ETIMEDOUT: 'it does not answer',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is not for this host name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not signed by an authority in the CA file',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not signed by an authority in the CA file',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is not signed by an authority in the CA file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not signed by an authority in the CA file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not signed by an authority in the CA file',
};

/** What the client says of itself; it gives no codes. */
const CLIENT_REASONS: Readonly<Record<string, string>> = {
  'timeout exceeded when trying to connect': 'no connection of the pool became free in time',
  'Connection terminated due to connection timeout': 'it does not answer',
  'timeout expired': 'it does not answer',
  'Query read timeout': 'it does not answer',
  'The server does not support SSL connections': 'it offers no TLS: switch ssl on there',
};

/** Another attempt may succeed at once: the other side of the conflict is through by then. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01', '23505', '23503']);

/** In an operator's words, and without host, user, person or statement: what PostgreSQL and Node say may name them. */
export function unavailable(error: unknown): PersonDirectoryUnavailable {
  if (error instanceof PersonDirectoryUnavailable) return error;
  const [state, code, message] = [sqlStateOf(error), codeOf(error), messageOf(error)];
  const reason =
    state === null
      ? (NETWORK_REASONS[code] ?? CLIENT_REASONS[message] ?? lossOf(message, code))
      : (REASONS[state] ?? 'it refuses');
  const mark = state === null ? (code === '' ? '' : ` (${code})`) : ` (SQLSTATE ${state})`;
  return new PersonDirectoryUnavailable(`the person directory on PostgreSQL cannot be used: ${reason}${mark}`);
}

/** Whether the server was there but the connection to it was not, or not any more. A time-out is neither: it has cost time already. */
export function isLostConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== null) return ['57P01', '57P02', '57P05'].includes(state) || state.startsWith('08');
  const isBroken =
    ['ECONNRESET', 'EPIPE'].includes(codeOf(error)) || messageOf(error).startsWith('Connection terminated unex');
  return isBroken || messageOf(error).includes('not queryable');
}

export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(sqlStateOf(error) ?? '');
}

/** Null for what did not come from the server. */
export function sqlStateOf(error: unknown): string | null {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  return typeof code === 'string' && typeof severity === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

function lossOf(message: string, code: string): string {
  if (message.startsWith('Connection terminated') || message.includes('not queryable')) return 'the connection broke';
  return code === '' ? 'the client failed' : 'the connection failed';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : '';
}
