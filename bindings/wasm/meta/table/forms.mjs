// Methods of the same form, for the tables.

/** What the calls of every object of an ad account have in common. */
export const node = (operations, object, [change, type]) => ({
  list: {
    call: `${operations}.list`,
    takes: `accountId: AdAccountId, query: ListQuery<${object}> = {}`,
    path: 'accountId',
    query: `asked(query, ${object})`,
    gives: `Page<${object}>`,
  },
  get: read(`${operations}.get`, object),
  update: { call: `${operations}.update`, takes: `id: ${object}Id, ${change}: ${type}`, path: 'id', body: change, gives: 'Done' },
  delete: { call: `${operations}.delete`, takes: `id: ${object}Id`, path: 'id', gives: 'Done' },
});

/** Reads one object by its id. */
export const read = (call, object, id = `${object}Id`) => ({
  call,
  takes: `id: ${id}, fields?: Fields<${object}>`,
  path: 'id',
  query: `asked({ fields }, ${object})`,
  gives: object,
});

/** Lists objects below one whose id is `of`. */
export const below = (call, of, object) => ({
  call,
  takes: `${of}, query: ListQuery<${object}> = {}`,
  path: of.split(':')[0],
  query: `asked(query, ${object})`,
  gives: `Page<${object}>`,
});

/** Creates something of an ad account's. */
export const create = (operations, body, type, id, more) => ({
  call: `${operations}.create`,
  takes: `accountId: AdAccountId, ${body}: ${type}`,
  path: 'accountId',
  body,
  gives: `Created<${id}>`,
  ...more,
});

/** Has Meta check what would be created. */
export const validate = (operations, body, type) => ({
  call: `${operations}.create`,
  takes: `accountId: AdAccountId, ${body}: ${type}`,
  path: 'accountId',
  body: `{ ...${body}, execution_options: ['validate_only'] }`,
  gives: 'Done',
});

export const copy = (operations, object, options, copied) => ({
  call: `${operations}.copy`,
  takes: `id: ${object}Id, how: ${options} = {}`,
  path: 'id',
  body: 'how',
  gives: copied,
});

/** The documentation of a creation that Rust's `create_once` would settle. */
export const onceDoc = (object) => [
  `Creates ${object}. Not repeated when its outcome is unknown: give it a label in \`adlabels\`, and look for that before you`,
  'repeat it (`adLabels`).',
];
