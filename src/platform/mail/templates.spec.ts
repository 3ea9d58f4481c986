import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MailTemplates } from './templates.js';

describe(MailTemplates, () => {
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'enishi-templates-'));
  });

  afterAll(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  const load = async (text: string) => {
    await writeFile(join(dir, 'one.liquid'), text);
    return MailTemplates.load(dir, ['one'], { name: '' });
  };

  it('fills subject and text', async () => {
    const templates = await load('Subject: to {{ name }}\n\nDear {{ name }},\n');
    expect(templates.render('one', { name: '花子' })).toEqual({ subject: 'to 花子', text: 'Dear 花子,\n' });
  });

  it.each([
    ['an unknown variable', 'Subject: x\n\n{{ nmae }}'],
    ['an unknown filter', 'Subject: x\n\n{{ name | shout }}'],
    ['no subject', 'Dear {{ name }}'],
    ['X09: the way to the prototype', 'Subject: x\n\n{{ name.constructor.name }}'],
    ['X09: another file', "Subject: x\n\n{% include '/etc/passwd' %}"],
    ['X09: an endless loop', 'Subject: x\n\n{% for i in (1..100000000) %}x{% endfor %}'],
  ])('refuses %s at start', async (_title, text) => {
    await expect(load(text)).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' });
  });

  it('names a missing file', async () => {
    await expect(MailTemplates.load(dir, ['none'], {})).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' });
  });
});
