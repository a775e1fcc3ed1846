package sts

import (
	"bytes"
	"encoding/xml"
	"io"
	"strconv"

	mapper "github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/wire"
)

// document is an answer of the query protocol in the making.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
type document struct {
	operation string
	text      bytes.Buffer
	// secret tells that nobody on the way may keep it.
	secret bool
}

// newDocument begins the answer to an operation.
func newDocument(operation string) *document {
	d := &document{operation: operation}
	d.text.WriteString("<" + operation + `Response xmlns="` + mapper.Namespace + `">`)
	d.open(operation + "Result")
	return d
}

func (d *document) open(name string)  { d.text.WriteString("<" + name + ">") }
func (d *document) close(name string) { d.text.WriteString("</" + name + ">") }

// element writes an element; what XML cannot hold becomes U+FFFD.
func (d *document) element(name, value string) {
	d.open(name)
	_ = xml.EscapeText(&d.text, []byte(value)) // a buffer takes everything
	d.close(name)
}

// optional writes an element if it has a value.
func (d *document) optional(name, value string) {
	if value != "" {
		d.element(name, value)
	}
}

// response ends the answer.
func (d *document) response(requestID string) *wire.Response {
	d.close(d.operation + "Result")
	d.open("ResponseMetadata")
	d.element("RequestId", requestID)
	d.close("ResponseMetadata")
	d.close(d.operation + "Response")
	size := d.text.Len()
	fields := wire.Fields{
		{Name: "content-type", Value: "text/xml"},
		{Name: "x-amzn-requestid", Value: requestID},
		{Name: "content-length", Value: strconv.Itoa(size)},
	}
	if d.secret {
		fields.Add("cache-control", "no-store")
	}
	return &wire.Response{Status: 200, Fields: fields, Body: io.NopCloser(&d.text), BodySize: int64(size)}
}
