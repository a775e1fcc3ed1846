package main

import (
	"net/http"
	"slices"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/config"
	"github.com/sallyport-iam/sallyport/proxy/extauthz/envoyconfig"
)

// EnvoyCmd is about the Envoy before a door of type ext_authz.
type EnvoyCmd struct {
	Config EnvoyConfigCmd `cmd:"" help:"Print the configuration of an Envoy that asks a door of a configuration file."`
	Check  EnvoyCheckCmd  `cmd:"" help:"Find what in an Envoy's configuration breaks signatures, or lets requests pass undecided."`
}

// envoyOperations are the operations of the groups and names that an upstream
// may be said to have.
func envoyOperations(named []string) []envoyconfig.Operation {
	var out []envoyconfig.Operation
	for _, o := range s3.Operations() {
		if o.Refused != "" || o.OlderName || !slices.Contains(named, config.OperationsAll) &&
			!slices.Contains(named, o.Name) && (!o.Core || !slices.Contains(named, config.OperationsCore)) {
			continue
		}
		out = append(out, envoyconfig.Operation{
			Name: o.Name, Method: o.Method, Level: o.Level, Selector: o.Selector, Decides: o.Decides, BodyLimit: o.BodyLimit,
		})
	}
	return out
}

// envoyDoor is the door of a configuration that an Envoy asks: the named one, or
// the only one.
func envoyDoor(cfg *config.Config, file, name string) (*config.Door, error) {
	var found *config.Door
	for i := range cfg.Doors {
		d := &cfg.Doors[i]
		switch {
		case name != "" && d.Name == name && d.Type != config.DoorExtAuthz:
			return nil, usageError("the door "+name+" is no door for Envoy", "name one of type: "+string(config.DoorExtAuthz))
		case name != "" && d.Name == name:
			return d, nil
		case name != "" || d.Type != config.DoorExtAuthz:
		case found != nil:
			return nil, usageError(file+" has several doors for Envoy", "name one with --door, such as --door "+found.Name)
		default:
			found = d
		}
	}
	if found == nil && name != "" {
		return nil, usageError(file+" has no door "+name, "name one of its doors of type: "+string(config.DoorExtAuthz))
	}
	if found == nil {
		return nil, usageError(file+" has no door for Envoy", "add one of type: "+string(config.DoorExtAuthz)+"; docs/envoy.md shows it")
	}
	return found, nil
}

// envoyRoutes are the routes of a door that lead to stores. Requests of STS, where a
// door has it, come by those of the same hosts: they are answered here, and no
// store gets them.
func envoyRoutes(cfg *config.Config, d *config.Door) []envoyconfig.Route {
	tokens := slices.ContainsFunc(d.Routes, func(r config.Route) bool { return r.Service == config.ServiceSTS })
	var out []envoyconfig.Route
	for _, r := range d.Routes {
		if r.Service == config.ServiceSTS {
			continue
		}
		route := envoyconfig.Route{Name: r.Name, Upstream: r.Upstream, Hosts: r.Hosts, Domains: r.VirtualHosts, Operations: envoyOperations(upstreamOf(cfg, &r).Operations)}
		if tokens {
			route.Operations = append(route.Operations, envoyconfig.Operation{Name: "STS", Method: http.MethodPost, Level: "service", Decides: true, BodyLimit: sts.MaxSAMLBody})
		}
		for j := range route.Operations {
			// A door that takes no bodies denies what is decided from one.
			if o := &route.Operations[j]; d.MaxBody == 0 && o.Decides {
				o.Decides, o.BodyLimit = false, 0
			}
		}
		out = append(out, route)
	}
	return out
}

// hostOfTokens is a host of STS to which no route to a store leads; empty if there
// is none.
func hostOfTokens(d *config.Door) string {
	stores := map[string]bool{}
	var all bool
	for _, r := range d.Routes {
		if r.Service != config.ServiceSTS {
			all = all || len(r.Hosts) == 0 && len(r.VirtualHosts) == 0
			for _, h := range slices.Concat(r.Hosts, r.VirtualHosts) {
				stores[h] = true
			}
		}
	}
	for _, r := range d.Routes {
		for _, h := range r.Hosts {
			if r.Service == config.ServiceSTS && !all && !stores[h] {
				return h
			}
		}
	}
	return ""
}

// upstreamOf is the upstream behind a route, which a configuration that holds
// together has.
func upstreamOf(cfg *config.Config, r *config.Route) *config.Upstream {
	return &cfg.Upstreams[slices.IndexFunc(cfg.Upstreams, func(u config.Upstream) bool { return u.Name == r.Upstream })]
}
