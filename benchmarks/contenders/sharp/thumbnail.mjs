// The thumbnail by sharp. It answers as benchmarks/serving.py does: one JSON line in, the work done
// once, one JSON line out. Its argument is the folder in which sharp is installed.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const TICKS_A_SECOND = 100; // of /proc/stat, on every Linux that Node runs on

const require = createRequire(`${process.argv[2]}/package.json`);
const sharp = require("sharp");

// One thread, as pyvips has; and asked for the same photo again, it would answer from memory.
sharp.concurrency(1);
sharp.cache(false);

const operations = { thumbnail };

// Turned upright at no cost of an extra pass, and without metadata, which is what sharp does anyway.
// Huffman tables are not optimised: neither peer does, and it would cost sharp time.
async function thumbnail(data) {
  const picture = sharp(data).autoOrient().resize(300, 300, { fit: "inside" });
  return [await picture.jpeg({ quality: 80, optimiseCoding: false }).toBuffer()];
}

async function measured(operation, request) {
  const data = readFileSync(request.photo);
  try {
    writeFileSync("/proc/self/clear_refs", "5"); // the peak of memory starts anew
  } catch {
    // Where it is refused, the peak so far stands in.
  }
  const resident = statusBytes("VmRSS");
  const busy = busySeconds();
  const wall = process.hrtime.bigint();
  const cpu = process.cpuUsage(); // of all threads
  const made = await operation(data);
  const { user, system } = process.cpuUsage(cpu);
  const wallSeconds = Number(process.hrtime.bigint() - wall) / 1e9;
  const cpuSeconds = (user + system) / 1e6;
  const added = statusBytes("VmHWM") - resident;
  const others = Math.max(0, busySeconds() - busy - cpuSeconds);
  if (request.save) {
    made.forEach((picture, number) => writeFileSync(`${request.save}-${number}`, picture));
  }
  return { cpu_s: cpuSeconds, wall_s: wallSeconds, others_s: others, added_bytes: added };
}

function busySeconds() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
    .split("\n", 1)[0]
    .split(/\s+/)
    .slice(1)
    .map(Number);
  return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND;
}

function statusBytes(name) {
  const [, kibibytes] = readFileSync("/proc/self/status", "utf8").match(`${name}:\\s+(\\d+)`);
  return Number(kibibytes) * 1024;
}

function say(answer) {
  console.log(JSON.stringify(answer));
}

say({ versions: { sharp: sharp.versions.sharp, "sharp's libvips": sharp.versions.vips } });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  say(await measured(operations[request.operation], request));
}
