module github.com/pyfly-go/pyfly/integration

go 1.26.0

replace github.com/pyfly-go/pyfly => ..

require (
	github.com/mccutchen/go-httpbin/v2 v2.26.0 // indirect
	github.com/pyfly-go/pyfly v0.0.0 // indirect
	go.uber.org/goleak v1.3.0 // indirect
)
