package config

import "fmt"

// checkService reports what a route lacks for its service, and what means nothing
// with it.
func (d *decoder) checkService(c *Config, door *Door, route *Route) {
	if at, written := d.places[&route.EncodedMessages]; written && route.EncodedMessages && !c.hasSessionKeys() {
		d.problem(at, "encoded_messages are sealed with session keys, and there are none", "add sessions: {keys: FILE}, or remove encoded_messages")
	}
	switch route.Service {
	case ServiceS3:
		if _, written := d.places[&route.Upstream]; !written {
			d.problem(d.places[route], fmt.Sprintf("the route %s has no upstream", quote(route.Name)), "add upstream: the name of the store behind the route")
		}
	case ServiceSTS:
		d.checkSTS(c, door, route)
	}
}

func (c *Config) hasSessionKeys() bool { return c.Sessions != nil && c.Sessions.Keys != "" }

// checkSTS reports keys that are for stores, and what STS needs.
func (d *decoder) checkSTS(c *Config, door *Door, route *Route) {
	at := d.places[&route.Service]
	if !c.hasSessionKeys() {
		d.problem(at, "STS issues temporary credentials, and there are no keys for them", "add sessions: {keys: FILE}, as `sallyport sessions keygen` makes it")
	}
	if door.Type == DoorForwardAuth {
		d.problem(at, fmt.Sprintf("STS answers requests itself, and the door %s is asked by a proxy that can only be told to refuse", quote(door.Name)), "move the route to a door of type standalone or ext_authz")
	}
	for _, key := range []struct {
		name string
		into any
	}{{"upstream", &route.Upstream}, {"virtual_hosts", &route.VirtualHosts}, {"account", &route.Account}} {
		if at, written := d.places[key.into]; written {
			d.problem(at, key.name+" has no meaning with service: sts, which Sallyport answers itself", "remove it")
		}
	}
	if at, written := d.places[&route.Mode]; written && route.Mode == ModeObserve {
		d.problem(at, "mode: observe is for stores: what STS is denied was never open to anybody", "remove it")
	}
}
