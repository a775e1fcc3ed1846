package upstream

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/http1"
)

// judge passes an answer on, or not. That a body did not hold comes first: what
// the upstream says of half a request is of no interest.
func (e *exchange) judge(answer *http1.Response) (*wire.Response, *wire.Refusal) {
	status := answer.Status
	e.report.Status, e.report.Outcome = status, Rejected
	var refusal *wire.Refusal
	switch {
	case e.body != nil && e.body.failure.Load() != nil:
		e.report.Outcome, refusal = BodyRefused, e.body.failure.Load()
	case status < 200:
		refusal = e.unavailable(fmt.Sprintf("it changed the protocol (%d)", status))
	case status/100 == 3 && status != http.StatusNotModified:
		refusal = e.unavailable(fmt.Sprintf("it redirects (%d) to %s: check its endpoint, region and addressing", status, location(answer)))
	case status < 400 && e.body != nil && !e.sentWhole():
		refusal = e.unavailable(fmt.Sprintf("it answered %d before it had the whole request", status))
	default:
		resp := e.pass(answer)
		if refusal = e.disown(resp); refusal == nil {
			e.report.Outcome = Answered
			return resp, nil
		}
	}
	return nil, refusal
}

// sentWhole tells that the body was sent to its end. Where only the last write of
// it is left, it waits for that: an upstream that had all of it lets it end.
func (e *exchange) sentWhole() bool {
	if !e.body.whole.Load() {
		return false
	}
	if e.body.sent != nil {
		<-e.body.sent
	}
	return !e.conn.half.Load()
}

// pass is the answer for the client.
func (e *exchange) pass(answer *http1.Response) *wire.Response {
	if e.body != nil && !e.body.whole.Load() {
		e.body.stopped.Store(true)
	}
	resp := &e.passed
	*resp = wire.Response{Status: answer.Status, Fields: keepEndToEnd(answer.Fields), BodySize: answer.Length, Free: e.free}
	if answer.Length == 0 {
		e.finish()
		return resp
	}
	e.answer = responseBody{body: e.conn.reader.AnswerBody(answer), exchange: e}
	resp.Body = &e.answer
	return resp
}

// keepEndToEnd is an answer's fields without those of the connection it came
// over, which Connection may name too (RFC 9110, section 7.6.1).
func keepEndToEnd(fields wire.Fields) wire.Fields {
	named := ""
	for i := range fields {
		if fields[i].Name == "connection" {
			named += "," + fields[i].Value
		}
	}
	kept := fields[:0]
	for _, field := range fields {
		if !http1.HopByHop(field.Name) && (named == "" || !names(named, field.Name)) {
			kept = append(kept, field)
		}
	}
	clear(fields[len(kept):])
	return kept
}

// names tells whether a list of tokens has one.
func names(list, token string) bool {
	for named := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.Trim(named, " \t"), token) {
			return true
		}
	}
	return false
}

// location is where a redirect points, without its query, which may hold a
// signature.
func location(answer *http1.Response) string {
	to, _, _ := strings.Cut(answer.Fields.Get("location"), "?")
	if to == "" {
		return "no location"
	}
	return fmt.Sprintf("%.200q", to)
}
