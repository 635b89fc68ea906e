/** An answer other than success. `message` is a sentence for people, `code` a word for programs. */
export class ApiError extends Error {
  override name = 'ApiError';
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
  }
}

/** 400 that names the field. */
export function badField(field: string, message: string): ApiError {
  return new ApiError(400, 'bad_request', message, [{ field, message }]);
}

export interface ErrorBody {
  error: { code: string; message: string; details?: unknown };
}

export function errorBody(code: string, message: string, details?: unknown): ErrorBody {
  return { error: details === undefined ? { code, message } : { code, message, details } };
}
