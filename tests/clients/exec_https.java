// Both of Java's HTTP clients against a hard-coded address. Nothing in it knows weirbox.
import java.net.*;
import java.net.http.*;

class Https {
    static final String GATEWAY = "https://b1c2d3e4f5.execute-api.us-east-1.amazonaws.com/test";

    public static void main(String[] args) throws Exception {
        HttpURLConnection post = (HttpURLConnection) new URL(GATEWAY + "/topics/000000000001.pin").openConnection();
        post.setRequestMethod("POST");
        post.setDoOutput(true);
        post.setRequestProperty("Content-Type", "application/vnd.kafka.json.v2+json");
        post.getOutputStream().write("{\"records\":[{\"value\":{\"a\":1}}]}".getBytes());
        if (post.getResponseCode() != 200)
            throw new Exception("status " + post.getResponseCode());
        HttpResponse<String> topics = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(GATEWAY + "/topics")).build(),
                                                                      HttpResponse.BodyHandlers.ofString());
        if (!topics.body().contains("000000000001.pin"))
            throw new Exception(topics.body());
        try (Socket other = new Socket("example.org", 80)) {
            throw new Exception("another host was reached");
        } catch (ConnectException refused) {
            System.out.println("java " + System.getProperty("java.version") + " ok");
        }
    }
}
