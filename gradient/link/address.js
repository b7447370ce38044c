// The page's side of `address` with the codecs that every page has.

import { addressed } from "./addressing.js";

export default addressed({});
