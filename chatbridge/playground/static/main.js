// Begins: draws whatever the playground tells, again and again.

import { drawBridge, prepareBridge } from "./bridge.js";
import { drawDesk, prepareDesk } from "./desk.js";
import { drawPhones } from "./phones.js";
import { watch } from "./server.js";

prepareBridge();
prepareDesk();
watch((state) => {
  drawPhones(state);
  drawDesk(state);
  drawBridge(state);
});
