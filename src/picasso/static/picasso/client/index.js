export { Picasso } from './client.js';
export { PicassoError } from './errors.js';
export { EventStream } from './events.js';
