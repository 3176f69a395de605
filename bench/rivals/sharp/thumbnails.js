// Two WebP thumbnails of a picture, again and again, or of each picture of a folder in turn:
// `node thumbnails.js PICTURE FOLDER WARM_UPS TIMES`.
// Prints the median of the processor's milliseconds. The picture is decoded once and the small thumbnail made from the large one:
// two pipelines from the file, as one would write it first, take a quarter longer.
import fs from "node:fs";
import path from "node:path";
import sharp from "sharp";

sharp.concurrency(1);
sharp.cache(false);

const [picture, folder, warmUps, times] = process.argv.slice(2);
const isFolder = fs.statSync(picture).isDirectory();
const pictures = isFolder ? fs.readdirSync(picture).sort().map((name) => path.join(picture, name)) : [picture];
const webp = { quality: 80, effort: 2 };
const within = (size) => ({ width: size, height: size, fit: "inside", withoutEnlargement: true });

async function thumbnails(source) {
  const { data, info } = await sharp(source)
    .autoOrient()
    .resize(within(1024))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const raw = { width: info.width, height: info.height, channels: info.channels };
  await sharp(data, { raw }).webp(webp).toFile(path.join(folder, "1024.webp"));
  await sharp(data, { raw }).resize(within(256)).webp(webp).toFile(path.join(folder, "256.webp"));
}

function spent(begun) {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000;
}

async function main() {
  const found = [];
  for (let number = 0; number < Number(warmUps) + Number(times); number += 1) {
    const begun = process.cpuUsage();
    await thumbnails(pictures[number % pictures.length]);
    if (number >= Number(warmUps)) found.push(spent(begun));
  }
  found.sort((one, other) => one - other);
  console.log(found[Math.floor(found.length / 2)]);
}

await main();
