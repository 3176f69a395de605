// Computes the SHA-256 of a file in hex, beside the page. Answers null if it can't be read.

addEventListener('message', async ({ data: file }) => {
  postMessage(await hashed(file).catch(() => null));
});

async function hashed(file) {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
