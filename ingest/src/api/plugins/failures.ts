import type { FastifyError, FastifyRequest, FastifySchemaValidationError } from 'fastify';
import type { Logger } from 'pino';
import { BrokerError } from '../../broker/broker.js';
import { TooManyCandles } from '../../candles/buckets.js';
import { InstrumentDumpRefused } from '../../instruments/store.js';
import type { App } from '../context.js';
import { ApiError, badField, errorBody } from '../errors.js';
import { quoted } from '../times.js';

/** Everything that goes wrong leaves in one shape: `{ error: { code, message, details? } }`. */
export function registerFailures(app: App, log: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    return reply
      .code(404)
      .send(
        errorBody('not_found', `There is no ${request.method} ${quoted(path)}; /docs lists what there is.`),
      );
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const failure = asApiError(error, request);
    if (failure.status >= 500) {
      log.error(
        { err: error, method: request.method, url: request.url, requestId: request.id },
        'request failed',
      );
    }
    if (failure.code === 'unsupported_media_type' || failure.code === 'payload_too_large') {
      reply.header('connection', 'close');
    }
    return reply
      .code(failure.status)
      .header('content-type', 'application/json; charset=utf-8')
      .serializer(JSON.stringify)
      .send(errorBody(failure.code, failure.message, failure.details));
  });
}

function asApiError(error: FastifyError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof BrokerError) return brokerFailure(error);
  if (error instanceof InstrumentDumpRefused) return new ApiError(502, 'broker_rejected', error.message);
  if (error instanceof TooManyCandles) return badField('from', `${error.message}.`);
  if (error.validation) return invalid(error.validation, request, error.validationContext);
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError(413, 'payload_too_large', `The body is larger than ${BODY_LIMIT_BYTES} bytes.`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        415,
        'unsupported_media_type',
        'The body must be JSON: content-type application/json.',
      );
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new ApiError(400, 'bad_json', `The body is not valid JSON: ${error.message}`);
  }
  if (error.statusCode === 429) return new ApiError(429, 'too_many_requests', error.message);
  if (isDatabaseAway(error)) {
    return new ApiError(
      503,
      'database_unavailable',
      'The database does not answer at the moment; try again.',
    );
  }
  if (error.code === '57014') {
    return new ApiError(
      503,
      'query_timeout',
      'The database took too long over this; ask for a shorter range.',
    );
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new ApiError(error.statusCode, 'bad_request', error.message);
  }
  return new ApiError(
    500,
    'internal',
    `Something went wrong here; the log has it under request ${request.id}.`,
  );
}

/** Larger than any request has reason to be: 100 instruments are 2 kB. */
export const BODY_LIMIT_BYTES = 262_144;

function brokerFailure(error: BrokerError): ApiError {
  const status = {
    rate_limited: 503,
    login_needed: 403,
    no_permission: 403,
    rejected: 422,
    unavailable: 502,
  }[error.kind];
  return new ApiError(status, `broker_${error.kind}`, error.message);
}

/** Connection refused, reset or closed, or PostgreSQL starting up or shutting down. */
function isDatabaseAway(error: FastifyError): boolean {
  return (
    /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EPIPE|ETIMEDOUT|57P0[123]|08\w{3}|53300)$/.test(error.code ?? '') ||
    /timeout exceeded when trying to connect|Connection terminated|pool after calling end/i.test(
      error.message,
    )
  );
}

function invalid(
  problems: readonly FastifySchemaValidationError[],
  request: FastifyRequest,
  part: string | undefined,
): ApiError {
  const sent = part === 'body' ? request.body : part === 'params' ? request.params : request.query;
  const details = problems.map((problem) => describe(problem, sent, part));
  return new ApiError(400, 'bad_request', details.map(({ message }) => message).join(' '), details);
}

function describe(problem: FastifySchemaValidationError, sent: unknown, part = 'query') {
  const path = problem.instancePath.split('/').slice(1);
  const missing = problem.params['missingProperty'];
  if (typeof missing === 'string') {
    const field = [...path, missing].join('.');
    return { field, message: `${field} is missing.` };
  }
  const field = path.join('.') || part;
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null)?.[key], sent);
  const shown = path.length > 0 && value !== undefined && !SECRET_FIELD.test(field);
  const got = shown ? `; got ${quoted(asText(value))}` : '';
  const allowed = problem.params['allowedValues'];
  const rule = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : problem.message;
  return { field, message: `${field} ${rule}${got}.` };
}

/** A credential that was sent broken may still be one, and an answer ends up in somebody's log. */
const SECRET_FIELD = /^(access|request)_token$|secret|password/i;

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
}
