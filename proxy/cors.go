package proxy

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/wire"
)

// CORS are rules that say which pages of other origins may use a route, as the
// CORS configuration of an S3 bucket does. They take the place of what the
// upstream says, since a browser must be able to read a denial, too.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
type CORS []CORSRule

// CORSRule lets pages of some origins use some methods.
type CORSRule struct {
	// Origins and Headers may each hold one "*", which stands for any run of
	// characters; headers compare without case.
	Origins []string
	// Methods are GET, HEAD, PUT, POST and DELETE.
	Methods []string
	// Headers are those that requests may have.
	Headers []string
	// Expose are the headers of answers that pages may read.
	Expose []string
	// MaxAge is how long a browser may remember a preflight; 0 says nothing.
	MaxAge time.Duration
}

// PreflightName is the operation in records of preflights.
const PreflightName = "PreflightRequest"

const vary = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"

// isPreflight tells whether a browser asks what it may send.
// https://fetch.spec.whatwg.org/#cors-preflight-request
func isPreflight(req *wire.Request) bool {
	_, origin := req.Fields.Lookup("origin")
	_, method := req.Fields.Lookup("access-control-request-method")
	return req.Method == "OPTIONS" && origin && method
}

// Preflight answers a preflight by the rules of the route. ok is false if the
// request is none, or the route has no rules: then it is a request like others.
func (r *Route) Preflight(req *wire.Request) (answer *wire.Response, refusal *wire.Refusal, ok bool) {
	if len(r.CORS) == 0 || !isPreflight(req) {
		return nil, nil, false
	}
	answer, refusal = r.CORS.preflight(req)
	return answer, refusal, true
}

// preflight answers by the first rule that permits what is asked for.
func (c CORS) preflight(req *wire.Request) (*wire.Response, *wire.Refusal) {
	for _, name := range [...]string{"origin", "access-control-request-method", "access-control-request-headers"} {
		if req.Fields.Count(name) > 1 {
			return nil, &wire.Refusal{Status: 400, Code: "BadRequest", Message: "Insufficient information. The request has more than one " + name + " header."}
		}
	}
	origin, method := req.Fields.Get("origin"), req.Fields.Get("access-control-request-method")
	wanted := names(req.Fields.Get("access-control-request-headers"))
	rule := c.find(origin, method, wanted)
	if rule == nil {
		return nil, &wire.Refusal{
			Status: 403, Code: "AccessForbidden",
			Message: "CORSResponse: This CORS request is not allowed. No rule permits the Origin with the Access-Control-Request-Method and Access-Control-Request-Headers.",
			Detail:  []wire.Element{{Name: "Method", Value: method}},
			Fields:  wire.Fields{{Name: "vary", Value: vary}},
		}
	}
	resp := &wire.Response{Status: 200}
	resp.Fields.Set("content-length", "0")
	rule.allow(&resp.Fields, origin)
	resp.Fields.Set("access-control-allow-methods", strings.Join(rule.Methods, ", "))
	if len(wanted) > 0 {
		resp.Fields.Set("access-control-allow-headers", strings.Join(wanted, ", "))
	}
	if rule.MaxAge > 0 {
		resp.Fields.Set("access-control-max-age", strconv.FormatInt(int64(rule.MaxAge/time.Second), 10))
	}
	return resp, nil
}

// names splits a list of header names.
func names(list string) []string {
	var all []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.ToLower(strings.Trim(name, " \t")); name != "" {
			all = append(all, name)
		}
	}
	return all
}

func (c CORS) find(origin, method string, headers []string) *CORSRule {
	for i := range c {
		if c[i].permits(origin, method, headers) {
			return &c[i]
		}
	}
	return nil
}

func (r *CORSRule) permits(origin, method string, headers []string) bool {
	if origin == "" || !anyFits(r.Origins, origin) || !slices.Contains(r.Methods, method) {
		return false
	}
	for _, h := range headers {
		if !anyFits(r.Headers, h) {
			return false
		}
	}
	return true
}

func anyFits(patterns []string, text string) bool {
	for _, p := range patterns {
		if before, after, wild := strings.Cut(strings.ToLower(p), "*"); fits(before, after, wild, strings.ToLower(text)) {
			return true
		}
	}
	return false
}

func fits(before, after string, wild bool, text string) bool {
	if !wild {
		return text == before
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// lends tells whether pages of an origin may send cookies and certificates.
func (c CORS) lends(origin, method string) bool {
	rule := c.find(origin, method, nil)
	return rule != nil && rule.lends(origin)
}

// lends tells it of an origin that the rule permits. One that it permits by name may;
// "*" stands for whoever has none. "null" is the name of nobody: any page can open a
// frame that has it.
func (r *CORSRule) lends(origin string) bool {
	return !slices.Contains(r.Origins, "*") && origin != "null"
}

// allow writes what an answer to a permitted request has.
func (r *CORSRule) allow(fields *wire.Fields, origin string) {
	if slices.Contains(r.Origins, "*") {
		fields.Set("access-control-allow-origin", "*")
	} else {
		fields.Set("access-control-allow-origin", origin)
		if r.lends(origin) {
			fields.Set("access-control-allow-credentials", "true")
		}
	}
	if len(r.Expose) > 0 {
		fields.Set("access-control-expose-headers", strings.Join(r.Expose, ", "))
	}
	fields.Add("vary", vary)
}

// place puts what the rules say into an answer, whoever made it: what the
// upstream says of other origins goes.
func (c CORS) place(req *wire.Request, resp *wire.Response) {
	if len(c) == 0 || isPreflight(req) {
		return
	}
	kept := resp.Fields[:0:0]
	for _, f := range resp.Fields {
		if !strings.HasPrefix(f.Name, "access-control-") {
			kept = append(kept, f)
		}
	}
	resp.Fields = kept
	if req.Fields.Count("origin") != 1 {
		return
	}
	origin := req.Fields.Get("origin")
	if rule := c.find(origin, req.Method, nil); rule != nil {
		rule.allow(&resp.Fields, origin)
	}
}
