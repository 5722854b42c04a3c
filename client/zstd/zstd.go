// SPDX-License-Identifier: Apache-2.0

// Package zstd adds Zstandard compression (RFC 8878) to the clients of an
// application. It is a separate module, so that its dependency reaches only the
// programs that use it:
//
//	app.Install(client.Module())
//	app.Install(zstd.Module())
//
// All clients then accept responses in zstd. Clients with the setting
// request-compression: zstd also compress their request bodies.
//
//	go get github.com/pyfly-go/pyfly/client/zstd
package zstd

import (
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// maxWindow is the maximum window that a decoder keeps in memory. RFC 8878,
// section 3.1.1.1.2, recommends that decoders support this size, and RFC 9659
// forbids larger windows over HTTP.
const maxWindow = 8 << 20

// Module registers the coding with an application context.
func Module() container.Module {
	return container.Module{Name: "zstd", Configure: func(app *container.ApplicationContext) {
		app.Register(func() client.ContentCoding { return New() }, container.Named("zstdContentCoding"))
	}}
}

// New returns the coding, for applications that create the post-processor
// themselves. It is safe for concurrent use and keeps no goroutines.
func New() client.ContentCoding { return &coding{} }

// coding reuses its encoders and decoders, which are expensive to create.
type coding struct{ encoders, decoders sync.Pool }

func (*coding) Name() string { return "zstd" }

// NewWriter implements client.ContentCoding.
func (c *coding) NewWriter(w io.Writer) (io.WriteCloser, error) {
	encoder, ok := c.encoders.Get().(*zstd.Encoder)
	if !ok {
		var err error
		if encoder, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
			return nil, err
		}
	}
	encoder.Reset(w)
	return &writer{encoder, c}, nil
}

type writer struct {
	*zstd.Encoder
	coding *coding
}

// Close ends the frame.
func (w *writer) Close() error {
	if w.Encoder == nil {
		return nil
	}
	err := w.Encoder.Close()
	w.Reset(nil)
	w.coding.encoders.Put(w.Encoder)
	w.Encoder = nil
	return err
}

// NewReader implements client.ContentCoding.
func (c *coding) NewReader(r io.Reader) (io.ReadCloser, error) {
	decoder, ok := c.decoders.Get().(*zstd.Decoder)
	if !ok {
		var err error
		decoder, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
	}
	if err := decoder.Reset(r); err != nil {
		return nil, err
	}
	return &reader{decoder, c}, nil
}

type reader struct {
	decoder *zstd.Decoder
	coding  *coding
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.decoder == nil {
		return 0, io.ErrClosedPipe
	}
	return r.decoder.Read(p)
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.decoder == nil {
		return nil
	}
	err := r.decoder.Reset(nil)
	r.coding.decoders.Put(r.decoder)
	r.decoder = nil
	return err
}
