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
    ['{{ name }}', '花子'],
    ['a {{- name -}} b', 'a花子b'],
    ['{{ name | append: "様" }}', '花子様'],
    ["{% if name != '' %}{{ name }} 様{% else %}皆様{% endif %}, {{ name }}", '花子 様, 花子'],
    ["{%- unless name == '' -%} x {%- endunless -%} y", 'xy'],
    ["{% assign name = 'Q' %}{{ name }}", 'Q'],
    ['{% if name %}{% capture name %}R{% endcapture %}{% endif %}{{ name }}', 'R'],
    ["{% liquid assign name = 'S' %}{{ name }}", 'S'],
    ['{% raw %}{{ name }}{% endraw %} {{ name }}', '{{ name }} 花子'],
    ['{% comment %}{{ name }}{% endcomment %}{{ name }}', '花子'],
    ['{{ name }}{{ true }}{{ "{% x %}" }}', '花子true{% x %}'],
    ['{{ name }}\r\n{{ name }}', '花子\r\n花子'],
  ])('writes %j as the template language says', async (text, expected) => {
    const templates = await load(`Subject: x\n\n${text}`);
    expect(templates.render('one', { name: '花子' }).text).toBe(expected);
  });

  it('refuses a value that is missing when a letter is written', async () => {
    const templates = await load('Subject: x\n\n{{ name }}');
    const write = async () => Promise.resolve(templates.render('one', {}));
    await expect(write()).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' });
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
