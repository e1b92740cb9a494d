// Problem is what the API says is wrong, and what to do next.
export class Problem extends Error {
  constructor({ status = 0, code = '', message, retryAfter = 0 }) {
    super(retryAfter > 0 ? `${message} Try again in ${retryAfter} ${retryAfter === 1 ? 'second' : 'seconds'}.` : message);
    Object.assign(this, { status, code, retryAfter });
  }

  // deniesKey: the key opens nothing any more.
  get deniesKey() { return this.status === 401 || this.code === 'invalid_api_key'; }
}

// problemOf reads a response that is an error. header returns a header or null.
export function problemOf(status, text, header) {
  let error;
  try {
    error = JSON.parse(text).error;
  } catch {
    error = null; // a proxy's page, say
  }
  const retryAfter = Number(header('Retry-After')) || 0;
  if (!error?.message) return new Problem({ status, retryAfter, message: `The server answered with status ${status}.` });
  const request = status === 500 ? ` (X-Request-Id: ${header('X-Request-Id')})` : '';
  return new Problem({ status, retryAfter, code: error.code, message: error.message + request });
}

export const unreachable = () => new Problem({ code: 'unreachable', message: 'The server can not be reached: check your connection, then try again.' });

export const aborted = (error) => error?.name === 'AbortError';
