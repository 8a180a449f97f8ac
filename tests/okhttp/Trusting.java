import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.OkHttpClient;

/** A trust manager that knows the given authorities, and none of the system's. */
final class Trusting {
    private Trusting() {}

    static void install(OkHttpClient.Builder builder, String[] files) throws Exception {
        KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
        known.load(null, null);
        CertificateFactory reader = CertificateFactory.getInstance("X.509");
        for (String file : files) {
            try (InputStream text = new FileInputStream(file)) {
                for (Certificate each : reader.generateCertificates(text)) {
                    known.setCertificateEntry(String.valueOf(known.size()), each);
                }
            }
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(known);
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {manager}, null);
        builder.sslSocketFactory(context.getSocketFactory(), manager);
    }
}
