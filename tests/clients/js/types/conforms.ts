// The declarations promise what the code does.

import type * as declared from "../../../../clients/js/index.js";
import { Picasso } from "../../../../clients/js/client.js";
import { PicassoError } from "../../../../clients/js/errors.js";

export const conforms: Pick<typeof declared, "Picasso" | "PicassoError"> = { Picasso, PicassoError };
