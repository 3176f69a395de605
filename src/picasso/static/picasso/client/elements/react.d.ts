/** For React 19 and TypeScript: `import type {} from 'picasso-client/elements/react'`. */

import type { DetailedHTMLProps, HTMLAttributes } from 'react';
import type { PicassoEventMap, PicassoFile, PicassoUploader } from './index.js';

type Properties<Element> = { [Name in keyof Element as Name extends keyof HTMLElement ? never : Name]?: Element[Name] };
type Listeners = { [Name in keyof PicassoEventMap as `on${Name}`]?: (event: PicassoEventMap[Name]) => void };
type Props<Element> = DetailedHTMLProps<HTMLAttributes<Element>, Element> & Properties<Element> & Listeners;

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'picasso-uploader': Props<PicassoUploader>;
      'picasso-file': Props<PicassoFile>;
    }
  }
}
