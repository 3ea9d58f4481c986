import { expect, it } from '@jest/globals';
import { statementText } from './sql-spans.js';

it.each([
  ['select  *\n from t where a = $1 and b = $12', 'select * from t where a = $1 and b = $12'],
  [`insert into t values ('青葉 みのり', 'it''s', 1988.5, E'x')`, 'insert into t values (?, ?, ?, E?)'],
  ['do $body$ begin x; end $body$', 'do ?'],
  ['copy t_2026 (c1, c2) from stdin', 'copy t_2026 (c1, c2) from stdin'],
])('keeps no value of %j', (text, expected) => expect(statementText(text)).toBe(expected));
