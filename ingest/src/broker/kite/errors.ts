import { withoutSecrets } from '../../secrets.js';
import { BrokerError, type BrokerErrorKind } from '../broker.js';

const MAX_MESSAGE = 300;

/** What the official client rejects with: the body of an error answer, or its own account of a failure. */
interface KiteFailure {
  error_type?: string;
  message?: string;
}

const KIND_OF_TYPE: Readonly<Record<string, BrokerErrorKind>> = {
  TokenException: 'login_needed',
  PermissionException: 'no_permission',
  InputException: 'rejected',
  UserException: 'rejected',
  OrderException: 'rejected',
  MarginException: 'rejected',
  HoldingException: 'rejected',
  NetworkException: 'unavailable',
  DataException: 'unavailable',
};

/**
 * @param failure what the official client rejected with
 * @param status HTTP status, undefined when no answer came
 * @param secrets are blotted out of the message
 */
export function toBrokerError(
  failure: unknown,
  status: number | undefined,
  secrets: readonly string[],
): BrokerError {
  if (failure instanceof BrokerError) return failure;
  const { error_type: type, message } = (
    typeof failure === 'object' && failure !== null ? failure : {}
  ) as KiteFailure;
  const kind = kindOf(type, status);
  const said = withoutSecrets(String(message ?? 'no reason given'), secrets).slice(0, MAX_MESSAGE);
  return new BrokerError(kind, `${SENTENCE[kind]} It said: ${said}`, status);
}

function kindOf(type: string | undefined, status: number | undefined): BrokerErrorKind {
  if (status === 429) return 'rate_limited';
  // The client calls every answer without an error type a NetworkException, so the status comes first.
  if (status !== undefined && status >= 500) return 'unavailable';
  if (type !== undefined && type !== 'NetworkException' && KIND_OF_TYPE[type]) return KIND_OF_TYPE[type];
  if (status === 401) return 'login_needed';
  if (status === 403) return 'no_permission';
  if (status !== undefined && status >= 400) return 'rejected';
  return 'unavailable';
}

const SENTENCE: Readonly<Record<BrokerErrorKind, string>> = {
  rate_limited: 'The broker got too many requests.',
  login_needed: 'The broker does not accept the access token: run `tickscope login`.',
  no_permission: 'The API key may not have this data.',
  rejected: 'The broker rejected the request.',
  unavailable: 'The broker cannot be reached or has a fault.',
};
