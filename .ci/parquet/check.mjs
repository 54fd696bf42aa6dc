// Reads Parquet files with two readers that hubgate did not write, one in JavaScript and one in Rust, and insists that
// they see the same rows, columns and values, and that the footer describes exactly these columns to the datasets library.
//
//   npm install && node check.mjs FILE.parquet...
import { readFileSync } from 'node:fs'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataType, tableFromIPC } from 'apache-arrow'
import { readParquet } from 'parquet-wasm'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/ // bytes to one reader, and text to the other

// plain turns what either reader makes of a value into the same JSON: bytes into hex, times into milliseconds, structs into
// objects, lists into arrays, and numbers that JSON lacks into text. Integers may come as numbers or as bigints.
function plain(v) {
  if (v === null || v === undefined) return null
  if (typeof v === 'bigint') return v >= -(2n ** 53n) && v <= 2n ** 53n ? Number(v) : v.toString()
  if (typeof v === 'number') return Number.isFinite(v) ? v : String(v)
  if (v instanceof Date) return v.getTime()
  if (v instanceof Uint8Array) return Buffer.from(v).toString('hex')
  if (Array.isArray(v) || ArrayBuffer.isView(v)) return Array.from(v, plain)
  if (typeof v === 'string' && uuid.test(v)) return v.replaceAll('-', '')
  if (typeof v !== 'object') return v
  if (typeof v.toJSON === 'function') {
    if (typeof v.length === 'number' && typeof v.get === 'function') return Array.from(v, plain) // a list
    v = v.toJSON() // a struct
  }
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)]))
}

// decimal makes a number of Arrow's 32-bit words, least significant first, in two's complement.
function decimal(words, scale) {
  if (words === null) return null
  const bits = words.reduceRight((v, w) => (v << 32n) | BigInt(w >>> 0), 0n)
  return Number(BigInt.asIntN(32 * words.length, bits)) * 10 ** -scale // as hyparquet rounds it
}

const toBuffer = (b) => b.buffer.slice(b.byteOffset, b.byteOffset + b.byteLength)

async function check(file) {
  const bytes = readFileSync(file)
  const buffer = toBuffer(bytes)
  const metadata = parquetMetadata(buffer)
  const rows = await parquetReadObjects({ file: buffer, metadata, compressors })
  const arrow = tableFromIPC(readParquet(new Uint8Array(bytes)).intoIPCStream())

  if (Number(metadata.num_rows) !== rows.length || arrow.numRows !== rows.length) {
    throw new Error(`rows: footer ${metadata.num_rows}, hyparquet ${rows.length}, parquet-wasm ${arrow.numRows}`)
  }
  const columns = arrow.schema.fields.map((f) => f.name)
  const described = metadata.key_value_metadata?.find((kv) => kv.key === 'huggingface')
  if (described) {
    const features = Object.keys(JSON.parse(described.value).info.features)
    if (JSON.stringify(features) !== JSON.stringify(columns)) throw new Error(`features ${features}, columns ${columns}`)
  }
  for (const name of columns) {
    const column = arrow.getChild(name)
    const read = DataType.isDecimal(column.type) ? (v) => decimal(v, column.type.scale) : plain
    for (let i = 0; i < rows.length; i++) {
      const a = JSON.stringify(plain(rows[i][name]))
      const b = JSON.stringify(read(column.get(i)))
      if (a !== b) throw new Error(`row ${i + 1}, column ${name}: hyparquet ${a}, parquet-wasm ${b}`)
    }
  }
  console.log(`ok ${file} ${rows.length} rows, ${columns.length} columns`)
}

const files = process.argv.slice(2)
if (files.length === 0) {
  console.error('usage: node check.mjs FILE.parquet...')
  process.exit(3)
}
for (const file of files) {
  try {
    await check(file)
  } catch (e) {
    console.error(`FAIL ${file}: ${e.message}`)
    process.exitCode = 1
  }
}
