// What is known of every site, the ones that need somebody first.
const site = String(msg.topic).split('/')[1];
const sites = { ...flow.get('sites'), [site]: msg.payload };
flow.set('sites', sites);
const needsSomebody = ({ online, waiting, refused }) => !online || refused > 0 || waiting > 100;
const all = Object.entries(sites).map(([name, state]) => ({ ...state, site: name, needsSomebody: needsSomebody(state) }));
const bad = all.filter((each) => each.needsSomebody).length;
node.status({ fill: bad > 0 ? 'red' : 'green', shape: 'dot', text: all.length + ' sites, ' + bad + ' need somebody' });
msg.payload = all.sort((a, b) => Number(b.needsSomebody) - Number(a.needsSomebody) || a.site.localeCompare(b.site));
return msg;
