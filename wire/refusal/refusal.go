// Package refusal renders a refusal in the protocol that the client speaks:
// the body, the fields and the status that AWS's own services answer with.
package refusal

import (
	"slices"
	"strconv"

	"github.com/sallyport-iam/sallyport/wire"
)

// Protocol is the shape of an error answer.
type Protocol uint8

// The protocols of AWS, and plain JSON for an app's own actions.
const (
	// S3 is the XML of Amazon S3.
	S3 Protocol = iota
	// Query is the XML of the query protocol and of REST XML services but S3.
	Query
	// EC2 is the XML of EC2's query protocol.
	EC2
	// JSON10 and JSON11 are AWS JSON 1.0 and 1.1.
	JSON10
	JSON11
	// RestJSON is AWS's REST JSON.
	RestJSON
	// JSON is plain JSON: code, message, request_id.
	JSON
)

// Facts are what the answer says of the request it answers.
type Facts struct {
	// RequestID identifies the request.
	RequestID string
	// HostID identifies who answered; this process if empty.
	HostID string
	// Resource is the raw path, for S3's Resource element; left out if empty
	// or over 512 bytes.
	Resource string
	// Namespace is the XML namespace of a Query service; none if empty.
	Namespace string
	// Head tells that the answer has no body.
	Head bool
	// Limit is the size in bytes that the body should not exceed; 0 is none. A
	// longer one is left without Resource, and then without the refusal's Detail.
	Limit int
}

// Render is the whole answer, in memory that Response.Free gives back. A refusal's
// own fields win over those of the protocol.
func Render(p Protocol, r *wire.Refusal, f Facts) *wire.Response {
	if f.HostID == "" {
		f.HostID = processHostID
	}
	status, code := translate(p, r)
	made := newRendered()
	resp := &made.Response
	*resp = wire.Response{Status: status, Fields: slices.Grow(resp.Fields, 8+len(r.Fields)), Free: made.free}
	resp.Fields.Add("content-type", contentType[p])
	switch p {
	case S3:
		resp.Fields.Add("x-amz-request-id", f.RequestID)
		resp.Fields.Add("x-amz-id-2", f.HostID)
	case RestJSON:
		resp.Fields.Add("x-amzn-errortype", code)
		resp.Fields.Add("x-amzn-requestid", f.RequestID)
	case JSON:
		resp.Fields.Add("x-request-id", f.RequestID)
	default:
		resp.Fields.Add("x-amzn-requestid", f.RequestID)
	}
	if r.Retryable {
		resp.Fields.Add("retry-after", "1")
	}
	if r.Close {
		resp.Fields.Add("connection", "close")
	}
	for _, field := range r.Fields {
		resp.Fields.Del(field.Name)
	}
	resp.Fields = append(resp.Fields, r.Fields...)
	if !f.Head {
		body := buffers.Get().(*[]byte)
		*body = appendLimited((*body)[:0], p, r, f, status, code)
		resp.Fields.Add("content-length", strconv.Itoa(len(*body)))
		resp.Body, resp.BodySize = newBody(body), int64(len(*body))
	}
	return resp
}

// appendLimited appends to nothing the body with as much in it as there is room for.
func appendLimited(body []byte, p Protocol, r *wire.Refusal, f Facts, status int, code string) []byte {
	body = appendBody(body, p, r, f, status, code)
	tooLong := func() bool { return f.Limit > 0 && len(body) > f.Limit }
	if tooLong() {
		f.Resource = ""
		body = appendBody(body[:0], p, r, f, status, code)
	}
	if tooLong() {
		short := *r
		short.Detail = nil
		body = appendBody(body[:0], p, &short, f, status, code)
	}
	return body
}

// Body is the body of the answer alone.
func Body(p Protocol, r *wire.Refusal, f Facts) []byte {
	if f.HostID == "" {
		f.HostID = processHostID
	}
	status, code := translate(p, r)
	return appendLimited(nil, p, r, f, status, code)
}

var contentType = [...]string{
	S3:       "application/xml",
	Query:    "text/xml",
	EC2:      "text/xml",
	JSON10:   "application/x-amz-json-1.0",
	JSON11:   "application/x-amz-json-1.1",
	RestJSON: "application/json",
	JSON:     "application/json",
}

// maxResource keeps an answer small: a path may be long, and its sender knows it.
const maxResource = 512

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

func appendBody(b []byte, p Protocol, r *wire.Refusal, f Facts, status int, code string) []byte {
	switch p {
	case S3:
		b = append(b, declaration+"<Error>"...)
		b = appendElement(b, "Code", code)
		b = appendElement(b, "Message", r.Message)
		for _, detail := range r.Detail {
			b = appendElement(b, detail.Name, detail.Value)
		}
		if f.Resource != "" && len(f.Resource) <= maxResource {
			b = appendElement(b, "Resource", f.Resource)
		}
		b = appendElement(b, "RequestId", f.RequestID)
		b = appendElement(b, "HostId", f.HostID)
		return append(b, "</Error>"...)
	case Query:
		b = append(b, declaration+"<ErrorResponse"...)
		if f.Namespace != "" {
			b = append(b, ` xmlns="`...)
			b = appendText(b, f.Namespace)
			b = append(b, '"')
		}
		b = append(b, "><Error><Type>"...)
		if status < 500 {
			b = append(b, "Sender"...)
		} else {
			b = append(b, "Receiver"...)
		}
		b = append(b, "</Type>"...)
		b = appendElement(b, "Code", code)
		b = appendElement(b, "Message", sentence(p, r))
		b = append(b, "</Error>"...)
		b = appendElement(b, "RequestId", f.RequestID)
		return append(b, "</ErrorResponse>"...)
	case EC2:
		b = append(b, declaration+"<Response><Errors><Error>"...)
		b = appendElement(b, "Code", code)
		b = appendElement(b, "Message", r.Message)
		b = append(b, "</Error></Errors>"...)
		b = appendElement(b, "RequestID", f.RequestID)
		return append(b, "</Response>"...)
	case JSON10, JSON11:
		b = appendMember(b, '{', "__type", code)
		b = appendMember(b, ',', "message", r.Message)
	case RestJSON:
		b = appendMember(b, '{', "message", r.Message)
	default:
		b = appendMember(b, '{', "code", code)
		b = appendMember(b, ',', "message", r.Message)
		b = appendMember(b, ',', "request_id", f.RequestID)
	}
	return append(b, '}')
}
