// The declarations promise what the code does.

import type * as declared from "../../../../src/picasso/static/picasso/client/index.js";
import { Picasso } from "../../../../src/picasso/static/picasso/client/client.js";
import { PicassoError } from "../../../../src/picasso/static/picasso/client/errors.js";

export const conforms: Pick<typeof declared, "Picasso" | "PicassoError"> = { Picasso, PicassoError };
