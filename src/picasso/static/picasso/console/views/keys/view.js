// Keys of applications, and the keys that sign links.

export { mountKeys as mount } from './list.js';

export const title = 'Keys';
