import { createServer } from 'node:net';

/** The address to listen on is taken or not ours. */
export class PortUnusable extends Error {
  override name = 'PortUnusable';
}

/** Looks before anything is started whether the API will be able to listen. @throws PortUnusable */
export async function checkPort(host: string, port: number): Promise<void> {
  if (port === 0) return;
  await new Promise<void>((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(new PortUnusable(sentence(host, port, error), { cause: error })),
    );
    probe.listen(port, host, () => probe.close(() => resolve()));
  });
}

function sentence(host: string, port: number, error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return `Port ${port} on ${host} is taken by another program. Stop it, or set TICKSCOPE_PORT to another port.`;
    case 'EACCES':
      return `Port ${port} may not be used by this user. Set TICKSCOPE_PORT to one above 1023.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `TICKSCOPE_HOST: ${host} is no address of this machine.`;
    default:
      return `Cannot listen on ${host}:${port}: ${error.message}.`;
  }
}
