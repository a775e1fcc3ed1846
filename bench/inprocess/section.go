package inprocess

import (
	"github.com/sallyport-iam/sallyport/bench/measure"
	"github.com/sallyport-iam/sallyport/bench/report"
)

// Section measures the mapper and the whole check, also with many users and with
// temporary credentials, and reports them.
func Section(o measure.Options, users int) (*report.Report, error) {
	r := report.Report{Versions: []string{}} // there is nobody else
	if err := measureMapper(o, &r); err != nil {
		return nil, err
	}
	if err := measureCheck(o, users, &r); err != nil {
		return nil, err
	}
	if err := measureTemporary(o, &r); err != nil {
		return nil, err
	}
	return &r, nil
}
