/* What every page has from the scripts. Each page works without them. */

import "./answers.js";
import "./forms.js";
import "./leaving.js";
import "./menus.js";
import "./shortcuts.js";
import "./trouble.js";
