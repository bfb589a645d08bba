// DIR READER: DuckDB for node reads every file of DIR/table that a log replay written here in JavaScript finds, and the
// rows are those of DIR/table.jsonl. Exit status 77 without @duckdb/node-api (PEERS names the folder of node_modules).
import { createRequire } from 'module';
import fs from 'fs';

const [folder] = process.argv.slice(2);
let duckdb;
try {
  duckdb = createRequire((process.env.PEERS || process.cwd()) + '/')('@duckdb/node-api');
} catch {
  process.exit(77);
}
const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();
await connection.run("set timezone='UTC'");
const query = async (sql) => (await connection.run(sql)).getRowObjectsJson();

const log = folder + '/table/_delta_log/';
const pad = (n, width = 20) => String(n).padStart(width, '0');

// From the newest checkpoint, or from version 0: both must give the same files.
async function replay(useCheckpoint) {
  const files = new Set();
  let from = 0;
  const apply = (action) => {
    if (action.add) files.add(decodeURIComponent(action.add.path));
    if (action.remove) files.delete(decodeURIComponent(action.remove.path));
  };
  if (useCheckpoint) {
    const { version } = JSON.parse(fs.readFileSync(log + '_last_checkpoint', 'utf8'));
    for (const row of await query(`select "add".path as path from read_parquet('${log}${pad(version)}.checkpoint.parquet') where "add".path is not null`))
      apply({ add: row });
    from = version + 1;
  }
  for (let v = from; fs.existsSync(`${log}${pad(v)}.json`); v++)
    for (const line of fs.readFileSync(`${log}${pad(v)}.json`, 'utf8').split('\n')) if (line) apply(JSON.parse(line));
  return [...files];
}

const cell = (v) => (typeof v === 'string' && /^\d+-\d\d-\d\d \d\d:\d\d:\d\d/.test(v) ? v.replace(' ', 'T').replace(/\+00$/, 'Z') : v);
const numbers = new Set(['id', 'big']);
const canonical = (row) => JSON.stringify(Object.keys(row).sort().map((k) => [k, row[k] === null ? null : numbers.has(k) ? String(row[k]) : cell(row[k])]));
const want = fs.readFileSync(folder + '/table.jsonl', 'utf8').split('\n').filter(Boolean)
  .map((line) => canonical(JSON.parse(line.replace(/"(id|big)":(-?\d+)/g, '"$1":"$2"').replace(/-0(?=[,}\]])/g, '0')))).sort();
let failures = 0;
for (const useCheckpoint of [true, false]) {
  const files = await replay(useCheckpoint);
  const list = files.map((f) => `'${folder}/table/${f}'`).join(',');
  const rows = (await query(`select * from read_parquet([${list}])`)).map((r) => canonical({ ...r, number: r.number === 0 ? 0 : r.number })).sort();
  const bad = want.findIndex((w, i) => w !== rows[i]);
  if (rows.length !== want.length || bad >= 0) {
    failures++;
    console.log('DIFFERS', rows.length, want.length, rows[bad], want[bad]);
  } else {
    console.log('ok', files.length, 'files', rows.length, 'rows', useCheckpoint ? 'from the checkpoint' : 'from version 0');
  }
}
process.exit(failures ? 1 : 0);
