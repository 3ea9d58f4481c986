// The people of the invented sister company abroad, as a report of its HR system would list them.
import { ENGLISH_FAMILY_NAMES, ENGLISH_GIVEN_NAMES } from './make-examples.names.mjs';
import { day, dayMonthYear, seeded } from './make-examples.random.mjs';

export const HEADERS = [
  'Employee ID',
  'Legal Name - First Name',
  'Legal Name - Last Name',
  'First Name - Local Script Phonetic',
  'Last Name - Local Script Phonetic',
  'Date of Birth',
  'Email - Primary Work',
  'Email - Primary Home',
  'Phone - Home',
  'Hire Date',
  'Termination Date',
  'Resignation Date',
  'Worker Status',
  'Primary Termination Reason',
  'Primary Termination Category',
  'Not Eligible for Rehire',
  'Regrettable Termination',
  'Supervisory Organization',
  'Business Title',
  'Management Level',
  'Worker Type',
  'Location',
  'Skills',
];

const ORGANISATIONS = [
  ['Field Service', 'Service Engineer', ['pump overhaul', 'vibration analysis', 'commissioning']],
  ['Sales EMEA', 'Account Manager', ['key accounts', 'tendering', 'German']],
  ['Engineering', 'Design Engineer', ['CFD', 'SolidWorks', 'API 610']],
  ['Supply Chain', 'Buyer', ['sourcing', 'customs', 'SAP']],
  ['Finance', 'Accountant', ['IFRS', 'controlling']],
  ['People', 'HR Advisor', ['recruiting', 'payroll']],
];
const REASONS = [
  [12, 'Better opportunity', 'Voluntary'],
  [6, 'Personal reasons', 'Voluntary'],
  [4, 'Elder Care', 'Voluntary'],
  [3, 'Relocation', 'Voluntary'],
  [3, 'Return to school', 'Voluntary'],
];
/** Inverted, as the system has it: No means that the person may come back. */
const NOT_ELIGIBLE = [
  [10, 'No'],
  [7, ''],
  [1, 'Yes'],
];

const TODAY = day('2026-03-25');

/** `transfers` are the people of the Japanese company who moved here: same birth date, private address and phone. */
export function enRows(transfers) {
  const random = seeded(20260326);
  const taken = new Set();
  const people = [];
  const someName = () => {
    for (;;) {
      const name = [random.pick(ENGLISH_GIVEN_NAMES), random.pick(ENGLISH_FAMILY_NAMES)];
      if (taken.has(name.join(' '))) continue;
      taken.add(name.join(' '));
      return name;
    }
  };
  const worker = (over = {}) => {
    const [given, family] = over.name ?? someName();
    const [organisation, title, skills] = random.pick(ORGANISATIONS);
    const hired = over.hired ?? day('2008-01-07') + random.int(0, 365 * 17);
    const id = String(20_001 + people.length * 3);
    const account = `${given}.${family}`.toLowerCase().replaceAll("'", '');
    const made = {
      id,
      given,
      family,
      birth: hired - 365 * random.int(20, 40) - random.int(0, 364),
      workMail: `${account}@enishi-pump.example.com`,
      mail: random.chance(0.9) ? `${account}.${id}@example.com` : '',
      phone: `+44 7700 900${String(random.int(0, 999)).padStart(3, '0')}`,
      hired,
      left: null,
      notice: null,
      status: 'Active',
      reason: '',
      category: '',
      notEligible: '',
      regretted: '',
      organisation,
      title,
      level: `L${random.int(1, 6)}`,
      type: 'Employee',
      location: random.pick(['Leeds', 'Rotterdam', 'Hamburg', 'Singapore']),
      skills: [...new Set([random.pick(skills), random.pick(skills)])].join('; '),
      ...over.fields,
    };
    people.push(made);
    return made;
  };
  const leaver = (left, fields = {}) => {
    const [, reason, category] = random.pick(REASONS.flatMap((entry) => Array(entry[0]).fill(entry)));
    return worker({
      hired: left - random.int(250, 365 * 14),
      fields: {
        left,
        notice: left - random.int(28, 90),
        status: left < TODAY ? 'Terminated' : 'Active',
        reason,
        category,
        notEligible: random.weighted(NOT_ELIGIBLE),
        regretted: random.weighted([
          [2, 'Yes'],
          [3, 'No'],
          [2, ''],
        ]),
        ...fields,
      },
    });
  };

  for (let i = 0; i < 238; i++) worker();
  for (let i = 0; i < 4; i++) worker({ fields: { status: 'On Leave' } });
  for (let i = 0; i < 40; i++) leaver(day('2019-02-28') + random.int(0, 365 * 6 + 180));
  for (let i = 0; i < 4; i++) leaver(day('2026-02-27') + random.int(0, 20));
  for (let i = 0; i < 5; i++) leaver(day('2026-03-31'));
  for (let i = 0; i < 2; i++) leaver(day('2026-04-30'));
  leaver(day('2025-11-28'), {
    reason: 'Redundancy',
    category: 'Involuntary',
    notice: null,
    notEligible: 'No',
  });
  leaver(day('2026-03-06'), {
    reason: 'Performance',
    category: 'Involuntary',
    notice: null,
    notEligible: '',
  });
  leaver(day('2026-03-06'), { reason: 'Retirement', notEligible: 'No' });
  worker({
    fields: { type: 'Contractor', left: day('2026-03-31'), status: 'Active', reason: 'End of contract' },
  });
  for (const [index, { moved, name }] of transfers.entries()) {
    // The last one states no reading: only a person can say that it is the same human.
    const isStated = index < transfers.length - 1;
    const kana = isStated ? { givenKana: moved.givenKana, familyKana: moved.familyKana } : {};
    worker({
      name,
      hired: moved.left + 1,
      fields: { birth: moved.birth, mail: moved.mail, phone: moved.phone, location: 'Leeds', ...kana },
    });
  }
  return people.map(toCells);
}

function toCells(made) {
  const written = (days) => (days === null ? '' : dayMonthYear(days));
  return [
    made.id,
    made.given,
    made.family,
    made.givenKana ?? '',
    made.familyKana ?? '',
    written(made.birth),
    made.workMail,
    made.mail,
    made.phone,
    written(made.hired),
    written(made.left),
    written(made.notice),
    made.status,
    made.reason,
    made.category,
    made.notEligible,
    made.regretted,
    made.organisation,
    made.title,
    made.level,
    made.type,
    made.location,
    made.skills,
  ];
}
