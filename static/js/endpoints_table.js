/* What the table of endpoints has from the scripts. Without them it is a form that is sent as a whole. */

import "./grid_keys.js";
import "./grid_paste.js";
import "./grid_saving.js";
import "./grid_check.js";
