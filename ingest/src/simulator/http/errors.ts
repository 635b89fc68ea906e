/** An answer that is an error in Kite's way. Source: Kite Connect v3, "Exceptions and errors". */
export class KiteFailure extends Error {
  override name = 'KiteFailure';
  constructor(
    readonly status: number,
    readonly errorType:
      | 'InputException'
      | 'TokenException'
      | 'NetworkException'
      | 'GeneralException'
      | 'DataException',
    message: string,
  ) {
    super(message);
  }
}

export const badInput = (message: string) => new KiteFailure(400, 'InputException', message);
export const badToken = (message = 'Incorrect `api_key` or `access_token`.') =>
  new KiteFailure(403, 'TokenException', message);
export const tooMany = () => new KiteFailure(429, 'NetworkException', 'Too many requests');
