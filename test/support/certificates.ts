import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * Self-signed certificates, made afresh by every test run: no private key lies in the repository, and no openssl is
 * needed. Just enough DER (X.690) for an X.509 version 3 certificate with subject alternative names.
 */
export interface TestCertificate {
  key: string;
  cert: string;
}

export function makeCertificate(
  hosts: string[],
  valid = { from: -3_600_000, to: 86_400_000 },
): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const commonName = sequence(oid([0x55, 0x04, 0x03]), tlv(0x0c, Buffer.from('test only')));
  const name = sequence(tlv(0x31, commonName));
  const names = hosts.map((host) =>
    isIP(host) ? tlv(0x87, Buffer.from(host.split('.').map(Number))) : tlv(0x82, Buffer.from(host)),
  );
  const alternativeNames = sequence(oid([0x55, 0x1d, 0x11]), tlv(0x04, sequence(...names)));
  const isAuthority = sequence(oid([0x55, 0x1d, 0x13]), tlv(0x04, sequence(tlv(0x01, Buffer.from([0xff])))));
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(Date.now() + valid.from), time(Date.now() + valid.to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(isAuthority, alternativeNames)),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${linesOf(der.toString('base64'))}\n-----END CERTIFICATE-----\n`,
  };
}

/** As PEM has it. An empty line behind a full last one would end the text too early. */
function linesOf(base64: string): string {
  return (base64.match(/.{1,64}/g) ?? []).join('\n');
}

function tlv(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content), content]);
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...parts: Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function oid(bytes: number[]): Buffer {
  return tlv(0x06, Buffer.from(bytes));
}

/** GeneralizedTime, `YYYYMMDDHHMMSSZ` */
function time(ms: number): Buffer {
  return tlv(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')));
}
