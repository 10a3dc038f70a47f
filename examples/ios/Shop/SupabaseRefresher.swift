import AcdMobile
import Foundation

/// Renews tokens at Supabase Auth. Another identity provider needs another class like this one, and nothing else.
final class SupabaseRefresher: SessionRefresher {
    private struct Answer: Decodable {
        let access_token: String
        let refresh_token: String
        let expires_at: TimeInterval
    }

    private let url: String
    private let publishableKey: String

    init(url: String, publishableKey: String) {
        self.url = url
        self.publishableKey = publishableKey
    }

    func refresh(refreshToken: String?) async throws -> SessionTokens {
        guard let refreshToken else { throw TokenError.Ended(reason: "there is no refresh token") }
        guard let address = URL(string: "\(url)/auth/v1/token?grant_type=refresh_token") else {
            throw TokenError.Unavailable(reason: "\(url) is no URL")
        }
        var request = URLRequest(url: address)
        request.httpMethod = "POST"
        request.setValue(publishableKey, forHTTPHeaderField: "apikey")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        do {
            request.httpBody = try JSONEncoder().encode(["refresh_token": refreshToken])
            let (data, response) = try await URLSession.shared.data(for: request)
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            switch status {
            case 200..<300:
                let answer = try JSONDecoder().decode(Answer.self, from: data)
                return SessionTokens(
                    accessToken: answer.access_token,
                    refreshToken: answer.refresh_token,
                    expiresAt: Date(timeIntervalSince1970: answer.expires_at)
                )
            case 400...403:
                throw TokenError.Ended(reason: "Supabase answered \(status)")
            default:
                throw TokenError.Unavailable(reason: "Supabase answered \(status)")
            }
        } catch let error as TokenError {
            throw error
        } catch {
            throw TokenError.Unavailable(reason: error.localizedDescription)
        }
    }
}
