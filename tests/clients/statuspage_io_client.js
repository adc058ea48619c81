// A script as its user writes it with statuspage.io; it tells what it got as JSON.
const { Statuspage } = require("statuspage.io");

const statuspage = new Statuspage("x");
statuspage.setApiUrl(process.env.HOST);
const { api } = statuspage;

async function main() {
  const told = {
    status: await api.getStatus(),
    summary: await api.getSummary(),
    components: await api.getComponents(),
    incidents: await api.incidents.getAll(),
    unresolved: await api.incidents.getUnresolved(),
    maintenances: await api.scheduledMaintenances.getAll(),
    upcoming: await api.scheduledMaintenances.getUpcoming(),
    active: await api.scheduledMaintenances.getActive(),
  };
  process.stdout.write(JSON.stringify(told));
}

main();
