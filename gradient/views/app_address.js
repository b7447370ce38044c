// The address of the app's page. Each kind of part that only this app has is a codec here; `app_address.py` names them.

import { addressed } from "../link/addressing.js";
import { names } from "./address_names.js";
import { model, points, start } from "./address_points.js";
import { runs } from "./address_runs.js";

export default addressed({ model, names, points, runs, start });
