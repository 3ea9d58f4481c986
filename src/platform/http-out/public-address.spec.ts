import { describe, expect, it } from '@jest/globals';
import { isPublicAddress, resolveHost } from './public-address.js';

describe(isPublicAddress, () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:7f00:1',
    '64:ff9b::a00:1',
    'fd00::1',
    'fe80::1',
    '2002:7f00:1::',
    'ff02::1',
    'localhost',
    '',
  ])('X04: %p is not reached', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111'])('%p is', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
});

describe(resolveHost, () => {
  it('refuses a name that leads to this machine, unless it is allowed to', async () => {
    await expect(resolveHost('localhost', false)).rejects.toMatchObject({ code: 'ADDRESS_NOT_PUBLIC' });
    await expect(resolveHost('[::1]', false)).rejects.toMatchObject({ code: 'ADDRESS_NOT_PUBLIC' });
    expect(await resolveHost('127.0.0.1', true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
  });
});
