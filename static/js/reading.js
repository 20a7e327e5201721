/* What the page of a reader has from the scripts. */

import "./folds.js";
import "./tips.js";
import "./picture_size.js";
import "./picture_view.js";
import "./rules.js";
import "./picks.js";
